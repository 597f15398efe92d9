{# Grants. Only those given by the current role are its to revoke; a relation that replaces another starts without. #}

{%- macro postgres__get_show_grant_sql(relation) -%}
  select grantee, privilege_type
  from {{ relation.information_schema('role_table_grants') }}
  where grantor = current_role
    and grantee != current_role
    and table_schema = '{{ relation.schema | replace("'", "''") }}'
    and table_name = '{{ relation.identifier | replace("'", "''") }}'
{%- endmacro -%}


{% macro postgres__copy_grants() %}
  {{ return(False) }}
{% endmacro %}
