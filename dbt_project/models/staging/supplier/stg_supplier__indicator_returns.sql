{{ current_rows('supplier', 'indicator_returns') }}
