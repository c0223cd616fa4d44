-- One row per event and file that is current: an event delivered again has several rows here.
{{ current_rows('supplier', 'service_events') }}
