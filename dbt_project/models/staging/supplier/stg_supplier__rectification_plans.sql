{{ current_rows('supplier', 'rectification_plans') }}
