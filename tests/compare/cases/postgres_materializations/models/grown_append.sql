{{ config(materialized='incremental', incremental_strategy='append', indexes=[{'columns': ['id']}], unlogged=true,
    grants={'select': ['reader', 'writer']} if var('turn') == 1 else {'select': ['reader'], 'update': ['writer']}, on_schema_change='append_new_columns',
    pre_hook=note('append in'), post_hook={'sql': note('append after'), 'transaction': false}) }}
select id, name{% if var('turn') > 1 %}, share{% endif %} from {{ ref('kept') }}
{% if is_incremental() %}where id > 1{% endif %}
