{{ config(materialized='incremental', indexes=[{'columns': ['id'], 'unique': true}], full_refresh=false, incremental_strategy='append') }}
select 1 as id {% if is_incremental() %}where false{% endif %}
