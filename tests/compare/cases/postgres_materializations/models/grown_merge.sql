{{ config(materialized='incremental', unique_key='id', incremental_strategy='merge', merge_update_columns=['turn'] if var('turn') == 2 else none,
   merge_exclude_columns=['name'] if var('turn') == 4 else none) }}
select id + {{ 1 if var('turn') == 2 else 0 }} as id, name, {{ var('turn') }} as turn from {{ ref('kept') }}
