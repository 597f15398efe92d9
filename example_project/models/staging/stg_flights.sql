with source as (

    select *, make_date(cast(year as integer), cast(month as integer), cast(day as integer)) as flight_date
    from {{ source('flight_records', 'flights') }}

)

select
    concat_ws('-', year * 10000 + month * 100 + day, carrier, flight, origin) as flight_id,
    flight_date,
    carrier as carrier_code,
    flight as flight_number,
    tailnum as tail_number,
    origin,
    dest as destination,

    -- the schedule and the clocks, local to the airport they hang in
    {{ at_clock('flight_date', 'sched_dep_time') }} as scheduled_departure_at,
    dep_time as departure_clock,
    sched_dep_time as scheduled_departure_clock,
    arr_time as arrival_clock,
    dep_delay as departure_delay_minutes,
    arr_delay as arrival_delay_minutes,
    air_time as air_minutes,
    distance as distance_miles,

    -- the hour of the scheduled departure in UTC, as the weather reports have it
    time_hour at time zone 'UTC' as weather_hour,

    dep_time is null as is_cancelled,
    dep_time is not null and arr_delay is null as is_diverted

from source
where flight_date <= date '{{ var("data_through") }}'
