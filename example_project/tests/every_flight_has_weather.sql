-- Hours in which no station report exists. Some are missing; a day of them would make `delays_by_weather` misleading.
{{ config(warn_if='> 0', error_if='> 500') }}

select
    flights.flight_id,
    flights.weather_hour
from {{ ref('stg_flights') }} as flights
where not exists (
    select 1
    from {{ ref('stg_weather') }} as weather
    where weather.origin = flights.origin and weather.weather_hour = flights.weather_hour
)
