-- Every aircraft that flew, registered or not, and every registered one, flown or not.

with flown as (

    select
        tail_number,
        count(*) filter (where not is_cancelled) as flights,
        sum(distance_miles) filter (where not is_cancelled) as miles,
        min(flight_date) as first_seen_on,
        max(flight_date) as last_seen_on,
        count(distinct carrier_code) as carriers,
        mode() within group (order by carrier_code) as main_carrier_code
    from {{ ref('stg_flights') }}
    where tail_number is not null
    group by tail_number

)

select
    tail_number,
    registered.tail_number is not null as is_registered,
    registered.manufacturer,
    registered.model,
    registered.aircraft_type,
    registered.seats,
    registered.built_year,
    2013 - registered.built_year as age_years,
    flown.main_carrier_code,
    coalesce(flown.carriers, 0) as carriers,
    coalesce(flown.flights, 0) as flights,
    coalesce(flown.miles, 0) as miles,
    flown.first_seen_on,
    flown.last_seen_on

from flown
full join {{ ref('stg_aircraft') }} as registered using (tail_number)
