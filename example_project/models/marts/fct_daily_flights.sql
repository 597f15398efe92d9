-- Incremental: a run adds the new days and rebuilds the last few, instead of everything.
{{
    config(
        materialized='incremental',
        unique_key=['flight_date', 'carrier_code', 'origin'],
        incremental_strategy='delete+insert',
        on_schema_change='append_new_columns',
    )
}}

select
    flight_date,
    carrier_code,
    carrier_name,
    origin,
    count(*) as flights,
    count(*) filter (where is_cancelled) as cancelled_flights,
    count(*) filter (where is_diverted) as diverted_flights,
    {{ on_time_share('arrival_delay_minutes') }} as on_time_share,
    round(avg(departure_delay_minutes), 1) as average_departure_delay_minutes,
    percentile_cont(0.5) within group (order by arrival_delay_minutes) as median_arrival_delay_minutes,
    max(arrival_delay_minutes) as worst_arrival_delay_minutes

from {{ ref('int_flights_enriched') }}

{% if is_incremental() %}
where flight_date > (select max(flight_date) from {{ this }}) - {{ var('lookback_days') }}
{% endif %}

group by flight_date, carrier_code, carrier_name, origin
