select
    tailnum as tail_number,
    year as built_year,
    -- one name for one maker: AIRBUS INDUSTRIE is AIRBUS, three spellings of McDonnell Douglas are one
    case
        when manufacturer like 'AIRBUS%' then 'AIRBUS'
        when manufacturer like 'MCDONNELL DOUGLAS%' then 'MCDONNELL DOUGLAS'
        when manufacturer like 'CANADAIR%' then 'CANADAIR'
        else manufacturer
    end as manufacturer,
    model,
    type as aircraft_type,
    engine as engine_type,
    engines as engine_count,
    seats
from {{ source('registry', 'planes') }}
