{#
  Loads a seed by `copy`: its rows are read from the file while they are sent. The values are those that `insert` would
  get. With `fast: false`, or where `copy` would read them otherwise, the rows are inserted in batches.
#}

{% macro postgres__load_csv_rows(model, agate_table) %}
  {%- set sql -%}
    copy {{ this.render() }} ({{ get_seed_column_quoted_csv(model, agate_table.column_names) }}) from stdin
  {%- endset -%}
  {%- if config.get('fast', true) and adapter.copy_rows(sql, agate_table) -%}
    {{ return(sql) }}
  {%- endif -%}
  {{ return(default__load_csv_rows(model, agate_table)) }}
{% endmacro %}
