{{ config(materialized='incremental', on_schema_change='fail') }}
select id{% if var('turn') == 2 %}, name{% endif %} from {{ ref('kept') }}
