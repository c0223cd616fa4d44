{{ current_rows('supplier', 'service_charges') }}
