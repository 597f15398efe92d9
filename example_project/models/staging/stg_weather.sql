select
    origin,
    time_hour at time zone 'UTC' as weather_hour,
    temp as temperature_f,
    humid as humidity_percent,
    case when wind_speed <= 200 then wind_speed end as wind_mph,
    wind_gust as gust_mph,
    precip as precipitation_inches,
    visib as visibility_miles
from {{ source('flight_records', 'weather') }}
