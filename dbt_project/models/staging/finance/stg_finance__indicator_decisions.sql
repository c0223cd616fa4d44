{{ current_rows('finance', 'indicator_decisions') }}
