-- Compiled, never run by `build`. Try `tidegate show --select worst_days`: February's blizzard comes first.
select
    flight_date,
    sum(flights) as flights,
    sum(cancelled_flights) as cancelled_flights,
    round(sum(cancelled_flights) / sum(flights), 3) as cancelled_share
from {{ ref('fct_daily_flights') }}
group by flight_date
order by cancelled_share desc
