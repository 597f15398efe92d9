{{ config(materialized='materialized_view', on_configuration_change='apply',
   indexes=[{'columns': ['id'], 'unique': true}] if var('turn') == 1 else [{'columns': ['id'], 'type': 'hash'}, {'columns': ['id', 'name']}],
   grants={'select': ['reader']}, pre_hook=note('apply in'), post_hook=[note('apply in'), {'sql': note('apply after'), 'transaction': false}]) }}
select id, name, {{ 2 if var('turn') > 2 else 1 }} as turn from {{ ref('people') }}
