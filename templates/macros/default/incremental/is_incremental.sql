{# True while an incremental model adds to a table it has already built: the model may then filter its input. #}

{% macro is_incremental() %}
  {%- if not execute -%}
    {{ return(False) }}
  {%- endif -%}
  {%- set built = adapter.get_relation(this.database, this.schema, this.table) -%}
  {{ return(built is not none
            and built.type == 'table'
            and model.config.materialized == 'incremental'
            and not should_full_refresh()) }}
{% endmacro %}
