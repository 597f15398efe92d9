{# Arithmetic on dates. Not every date part can stand in an interval: a quarter is three months, a week seven days. #}

{% macro duckdb__dateadd(datepart, interval, from_date_or_timestamp) %}
  {%- set number = 'cast(' ~ interval ~ ' as bigint)' -%}
  {%- set composed = {'quarter': (3, 'month'), 'week': (7, 'day')} -%}
  {%- if datepart | lower in composed %}
    {%- set factor, unit = composed[datepart | lower] -%}
    ({{ from_date_or_timestamp }} + ({{ number }} * {{ factor }}) * interval 1 {{ unit }})
  {%- else %}

    ({{ from_date_or_timestamp }} + {{ number }} * interval 1 {{ datepart }})
  {%- endif -%}
{% endmacro %}


{# A week ends on Saturday here, unlike in DuckDB, so weeks are counted in days and corrected by the day of the week. #}
{% macro duckdb__datediff(first_date, second_date, datepart) %}
  {%- if datepart == 'week' %}
    ({{ datediff(first_date, second_date, 'day') }} // 7
      + case
          when date_part('dow', ({{ first_date }})::timestamp) <= date_part('dow', ({{ second_date }})::timestamp) then
            case when {{ first_date }} <= {{ second_date }} then 0 else -1 end
          else
            case when {{ first_date }} <= {{ second_date }} then 1 else 0 end
        end)
  {% else %}
        (date_diff('{{ datepart }}', {{ first_date }}::timestamp, {{ second_date }}::timestamp ))
    {% endif %}
{%- endmacro %}


{# A quarter is no interval, so its end is found by months. #}
{% macro duckdb__last_day(date, datepart) -%}
  {%- if datepart == 'quarter' -%}
    cast(
      {{ dbt.dateadd('day', '-1',
          dbt.dateadd('month', '3', dbt.date_trunc(datepart, date))
      ) }}
    as date)
  {%- else -%}
    {{ dbt.default_last_day(date, datepart) }}
  {%- endif -%}
{%- endmacro %}
