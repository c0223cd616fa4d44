{{ current_rows('finance', 'relief_decisions') }}
