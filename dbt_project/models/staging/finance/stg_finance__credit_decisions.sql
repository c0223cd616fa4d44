{{ current_rows('finance', 'credit_decisions') }}
