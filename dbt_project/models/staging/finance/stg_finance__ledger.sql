{{ current_rows('finance', 'ledger') }}
