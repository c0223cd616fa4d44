-- One row per event and file that is current: an event delivered again has several rows here.
{{ config(materialized='view') }} -- read month by month; as a table it would copy all of landing
{{ current_rows('supplier', 'service_events') }}
