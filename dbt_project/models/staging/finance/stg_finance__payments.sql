{{ current_rows('finance', 'payments') }}
