-- A table of its own rows. Real models select from a source or a seed.
{{ config(materialized='table') }}

select 1 as tide_id, cast('2024-05-01' as date) as day, 'high' as kind, 4.1 as metres
union all
select 2, cast('2024-05-01' as date), 'low', 0.7
union all
select 3, cast('2024-05-02' as date), 'high', 4.3
union all
select 4, cast('2024-05-02' as date), 'low', 0.6
