-- Clock times become moments. Ephemeral: no relation is made, the query is put into those that use it.
{{ config(materialized='ephemeral') }}

select
    flight_id,

    -- the schedule has a date, the delay says how far from it the aircraft left, even past midnight
    {{ dbt.dateadd('minute', 'departure_delay_minutes', 'scheduled_departure_at') }} as departed_at,
    arrival_clock < departure_clock as arrives_next_day,

    case
        when scheduled_departure_clock < 600 then 'night'
        when scheduled_departure_clock < 1200 then 'morning'
        when scheduled_departure_clock < 1800 then 'afternoon'
        else 'evening'
    end as part_of_day

from {{ ref('stg_flights') }}
