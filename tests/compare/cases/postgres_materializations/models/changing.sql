{{ config(materialized='view' if var('turn') == 1 else ('table' if var('turn') == 2 else ('materialized_view' if var('turn') == 3 else 'incremental'))) }}
select 1 as id
