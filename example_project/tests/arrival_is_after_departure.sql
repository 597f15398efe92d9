-- Late flights that land after midnight: by the clock they arrive before they leave. Correct, but easy to get wrong,
-- so the number is watched. `int_flight_times` says which day they arrived.
{{ config(severity='warn', tags=['clock']) }}

select
    flight_id,
    departure_clock,
    arrival_clock
from {{ ref('stg_flights') }}
where arrival_clock < departure_clock
