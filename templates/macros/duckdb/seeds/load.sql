{#
  Loads a seed with DuckDB's own CSV reader: the file never passes through the program. The reader is told everything
  that was found out about the file, so that it guesses nothing: one column after the other, with the table's types.

  An empty field is null. The word `null` is null too, in any column but text, where it is kept: with `fast: false`
  it is null there as well, as in every other adapter.
#}

{% macro duckdb__load_csv_rows(model, agate_table) %}
  {%- set given_types = model['config'].get('column_types') or {} -%}
  {%- set quote_columns = model['config'].get('quote_columns', none) -%}
  {%- set keep_null_word = config.get('fast', true) -%}

  {%- set read = [] -%}
  {%- set text_columns = [] -%}
  {%- set inserted = [] -%}
  {%- set selected = [] -%}
  {%- for name in agate_table.column_names -%}
    {%- set type = given_types.get(name, adapter.convert_type(agate_table, loop.index0)) -%}
    {%- set name_literal = "'" ~ name | replace("'", "''") ~ "'" -%}
    {%- set name_quoted = '"' ~ name | replace('"', '""') ~ '"' -%}
    {%- do inserted.append(adapter.quote_seed_column(name, quote_columns)) -%}

    {%- if duckdb_is_text_type(type) -%}
      {%- do read.append(name_literal ~ ": 'VARCHAR'") -%}
      {%- do text_columns.append(name_literal) -%}
      {%- if keep_null_word -%}
        {%- do selected.append("nullif(" ~ name_quoted ~ ", '')") -%}
      {%- else -%}
        {%- do selected.append("case when lower(trim(" ~ name_quoted ~ ")) not in ('', 'null') then " ~ name_quoted ~ " end") -%}
      {%- endif -%}
    {%- else -%}
      {%- do read.append(name_literal ~ ": '" ~ type | replace("'", "''") ~ "'") -%}
      {%- do selected.append(name_quoted) -%}
    {%- endif -%}
  {%- endfor -%}

  {%- set sql %}
    insert into {{ this.render() }} ({{ inserted | join(', ') }})
    select {{ selected | join(', ') }}
    from read_csv(
      '{{ adapter.get_seed_file_path(model) | string | replace("'", "''") }}',
      auto_detect = false,
      header = true,
      delim = '{{ config.get('delimiter', ',') | replace("'", "''") }}',
      quote = '"',
      escape = '"',
      nullstr = ['', 'null', 'NULL', 'Null'],
      columns = {{ '{' }}{{ read | join(', ') }}{{ '}' }}
      {%- if text_columns %},
      force_not_null = [{{ text_columns | join(', ') }}]
      {%- endif %}
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
