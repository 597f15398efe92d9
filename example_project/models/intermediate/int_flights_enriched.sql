-- One row a flight, with everything the marts ask about it. Left joins: a flight without weather is still a flight.

select
    flights.*,
    times.departed_at,
    times.arrives_next_day,
    times.part_of_day,
    airlines.carrier_name,
    airports.airport_name as destination_name,
    weather.wind_mph,
    weather.precipitation_inches,
    weather.visibility_miles

from {{ ref('stg_flights') }} as flights
join {{ ref('int_flight_times') }} as times using (flight_id)
join {{ ref('stg_airlines') }} as airlines using (carrier_code)
left join {{ ref('stg_airports') }} as airports on airports.airport_code = flights.destination
left join {{ ref('stg_weather') }} as weather using (origin, weather_hour)
