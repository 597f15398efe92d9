{{ config(materialized='table', contract={'enforced': true},
    pre_hook=[{'sql': note('agreed before'), 'transaction': false}, note('agreed in')]) }}
select 1 as id, 'x'::varchar(20) as name, {{ var('turn') }} as turn{% if var('turn') == 2 %}, 4 as extra{% endif %}, null::numeric(10, 2) as amount
