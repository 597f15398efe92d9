{% set fewest_flights = 50 %}

with routes as (

    select
        origin,
        destination,
        {{ dbt.any_value('destination_name') }} as destination_name,
        count(*) as flights,
        count(distinct carrier_code) as carriers,
        max(distance_miles) as distance_miles,
        {{ on_time_share('arrival_delay_minutes') }} as on_time_share,
        round(avg(arrival_delay_minutes), 1) as average_arrival_delay_minutes
    from {{ ref('int_flights_enriched') }}
    group by origin, destination

)

select
    rank() over (order by on_time_share desc) as place,
    rank() over (partition by origin order by on_time_share desc) as place_at_origin,
    *
from routes
where flights >= {{ fewest_flights }}
