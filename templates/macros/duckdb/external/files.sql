{# Reading from and writing to files, and handing a written file on to a plugin. #}

{% macro location_exists(location) -%}
  {{ return(adapter.location_exists(location)) }}
{%- endmacro %}


{% macro write_to_file(relation, location, options) -%}
  {%- call statement('write_to_file') -%}
    copy {{ relation.render() }} to '{{ location }}' ({{ options }})
  {%- endcall -%}
{%- endmacro %}


{# The plugin learns the columns along with the place. #}
{% macro store_relation(plugin, relation, location, format, config) -%}
  {%- set columns = adapter.get_columns_in_relation(relation) -%}
  {%- do adapter.store_relation(plugin, relation, columns, location, format, config) -%}
{%- endmacro %}
