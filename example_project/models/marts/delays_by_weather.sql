with measured as (

    select
        *,
        -- the worst thing first: an hour of snow with strong wind counts as low visibility
        case
            when visibility_miles is null then 'not measured'
            when visibility_miles < 1 then 'low visibility'
            when precipitation_inches > 0.1 then 'heavy precipitation'
            when precipitation_inches > 0 then 'light precipitation'
            when wind_mph >= 25 then 'strong wind'
            else 'fair'
        end as weather
    from {{ ref('int_flights_enriched') }}

)

select
    origin,
    weather,
    count(*) as flights,
    {{ share('is_cancelled') }} as cancelled_share,
    {{ on_time_share('arrival_delay_minutes') }} as on_time_share,
    round(avg(departure_delay_minutes), 1) as average_departure_delay_minutes,
    percentile_disc(0.9) within group (order by departure_delay_minutes) as ninth_decile_departure_delay_minutes

from measured
group by origin, weather
