{{ config(materialized='incremental', unique_key=['id', 'name'], incremental_strategy='delete+insert', on_schema_change='sync_all_columns',
   incremental_predicates=["id > 0"]) }}
select id, name, {{ var('turn') }} as turn, {% if var('turn') == 2 %}'long text for a short column' as word, 1 as more{% else %}'short'::varchar(10) as word{% endif %}
from {{ ref('kept') }} {% if is_incremental() %}where id <> 2{% endif %}
