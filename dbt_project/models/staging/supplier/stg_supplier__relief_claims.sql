{{ current_rows('supplier', 'relief_claims') }}
