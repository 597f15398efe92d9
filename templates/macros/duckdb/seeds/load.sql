{#
  Loads a seed with DuckDB's own CSV reader: the rows never pass through the program. The reader gets every field as
  text, in the order of the file, and the query casts them to the table's types. An empty field is null.

  The reader finds out how fields are quoted, as DuckDB's `copy` does, and a text column keeps the word `null`. With
  `fast: false` the rows are bound as in every other adapter: fields are quoted by `"` alone, the word is null in any
  column, and what reads as a number (`$1,000`, `5%`) is one.
#}

{% macro duckdb__load_csv_rows(model, agate_table) %}
  {%- if not config.get('fast', true) -%}
    {{ return(default__load_csv_rows(model, agate_table)) }}
  {%- endif -%}

  {%- set given_types = model['config'].get('column_types') or {} -%}
  {%- set quote_columns = model['config'].get('quote_columns', none) -%}

  {%- set fields = [] -%}
  {%- set inserted = [] -%}
  {%- set selected = [] -%}
  {%- for name in agate_table.column_names -%}
    {%- set type = given_types.get(name, adapter.convert_type(agate_table, loop.index0)) -%}
    {%- set field = '"' ~ name | replace('"', '""') ~ '"' -%}
    {%- set or_null = "case when lower(trim(" ~ field ~ ")) not in ('', 'null') then " ~ field ~ " end" -%}

    {%- do fields.append("'" ~ name | replace("'", "''") ~ "': 'VARCHAR'") -%}
    {%- do inserted.append(adapter.quote_seed_column(name, quote_columns)) -%}
    {%- if not duckdb_is_text_type(type) -%}
      {%- do selected.append('cast(' ~ or_null ~ ' as ' ~ type ~ ')') -%}
    {%- else -%}
      {%- do selected.append(field) -%}
    {%- endif -%}
  {%- endfor -%}

  {%- set sql %}
    insert into {{ this.render() }} ({{ inserted | join(', ') }})
    select
      {{ selected | join(',\n      ') }}
    from read_csv(
      '{{ adapter.get_seed_file_path(model) | string | replace("'", "''") }}',
      header = true,
      delim = '{{ config.get('delimiter', ',') | replace("'", "''") }}',
      auto_detect = true,
      skip = 0,
      comment = '',
      nullstr = '',
      columns = {{ '{' }}{{ fields | join(', ') }}{{ '}' }}
    )
  {%- endset -%}

  {%- call statement('load_csv_rows') -%}
    {{ sql }}
  {%- endcall -%}
  {{ return(sql) }}
{% endmacro %}


{# Is a value of this type kept letter by letter? #}
{% macro duckdb_is_text_type(type) -%}
  {%- set word = (type | lower).split('(')[0] | trim -%}
  {{ return(word in ['text', 'varchar', 'string', 'char', 'bpchar', 'character', 'character varying', 'nvarchar']) }}
{%- endmacro %}


{# What the portable way uses; a project may call it. #}
{% macro duckdb__get_binding_char() %}
  {{ return(adapter.get_binding_char()) }}
{% endmacro %}

{% macro duckdb__get_batch_size() %}
  {{ return(10000) }}
{% endmacro %}
