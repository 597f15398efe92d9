{# Arithmetic on dates. #}

{% macro postgres__dateadd(datepart, interval, from_date_or_timestamp) -%}
  {{ from_date_or_timestamp }} + ((interval '1 {{ datepart }}') * ({{ interval }}))
{%- endmacro %}


{#
  Postgres subtracts dates to days and has nothing for other parts. Each part is the next larger one, multiplied, plus
  the difference of its own fields; so the count is of boundaries crossed, as elsewhere. Weeks are counted in days and
  corrected by the day of the week.
#}
{% macro postgres__datediff(first_date, second_date, datepart) -%}
  {%- set day_a = '(' ~ first_date ~ ')::date' -%}
  {%- set day_b = '(' ~ second_date ~ ')::date' -%}
  {%- set time_a = '(' ~ first_date ~ ')::timestamp' -%}
  {%- set time_b = '(' ~ second_date ~ ')::timestamp' -%}
  {%- set larger = {
      'quarter': ('year', 4), 'month': ('year', 12),
      'hour': ('day', 24), 'minute': ('hour', 60), 'second': ('minute', 60),
      'millisecond': ('minute', 60000), 'microsecond': ('minute', 60000000)
  } -%}

  {%- if datepart == 'year' -%}
    (date_part('year', {{ day_b }}) - date_part('year', {{ day_a }}))
  {%- elif datepart == 'day' -%}
    ({{ day_b }} - {{ day_a }})
  {%- elif datepart == 'week' -%}
    ({{ datediff(first_date, second_date, 'day') }} / 7 + case
      when date_part('dow', {{ time_a }}) <= date_part('dow', {{ time_b }}) then
        case when {{ first_date }} <= {{ second_date }} then 0 else -1 end
      else
        case when {{ first_date }} <= {{ second_date }} then 1 else 0 end
    end)
  {%- elif datepart in larger -%}
    {%- set part, factor = larger[datepart] -%}
    {%- set a = day_a if part == 'year' else time_a -%}
    {%- set b = day_b if part == 'year' else time_b -%}
    {%- set field_a = "date_part('" ~ datepart ~ "', " ~ a ~ ')' -%}
    {%- set field_b = "date_part('" ~ datepart ~ "', " ~ b ~ ')' -%}
    {%- if 'second' in datepart -%}
      {#- Seconds and their parts carry fractions. -#}
      {%- set field_a = 'floor(' ~ field_a ~ ')' -%}
      {%- set field_b = 'floor(' ~ field_b ~ ')' -%}
    {%- endif -%}
    ({{ datediff(first_date, second_date, part) }} * {{ factor }} + {{ field_b }} - {{ field_a }})
  {%- else -%}
    {%- do exceptions.raise_compiler_error('Unsupported datepart for macro datediff in postgres: ' ~ datepart) -%}
  {%- endif -%}
{%- endmacro %}


{# A quarter is no interval, so its end is found by months. #}
{% macro postgres__last_day(date, datepart) -%}
  {%- if datepart == 'quarter' -%}
    cast(
      {{ dbt.dateadd('day', '-1',
          dbt.dateadd('month', '3', dbt.date_trunc(datepart, date))
      ) }}
    as date)
  {%- else -%}
    {{ return(dbt.default_last_day(date, datepart)) }}
  {%- endif -%}
{%- endmacro %}
