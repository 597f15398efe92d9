-- The incremental mart must hold every flight once, however often and in whatever steps it was built.
with days as (

    select flight_date, sum(flights) as flights
    from {{ ref('fct_daily_flights') }}
    group by flight_date

),

expected as (

    select flight_date, count(*) as flights
    from {{ ref('stg_flights') }}
    group by flight_date

)

select
    flight_date,
    days.flights,
    expected.flights as expected_flights
from expected
left join days using (flight_date)
where days.flights is distinct from expected.flights
