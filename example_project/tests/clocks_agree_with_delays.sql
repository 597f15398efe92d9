-- Schedule plus delay is what the clock showed at departure, midnight or not.
select
    flight_id,
    scheduled_departure_clock,
    departure_delay_minutes,
    departure_clock
from {{ ref('stg_flights') }}
where (
    {{ clock_minutes('scheduled_departure_clock') }} + departure_delay_minutes
    - {{ clock_minutes('departure_clock') }}
) % 1440 <> 0
