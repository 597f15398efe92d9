-- The distance between two airports does not change, yet the source has two for Eagle, Colorado.
{{ config(severity='warn') }}

select
    origin,
    destination,
    count(distinct distance_miles) as distances
from {{ ref('stg_flights') }}
group by origin, destination
having count(distinct distance_miles) > 1
