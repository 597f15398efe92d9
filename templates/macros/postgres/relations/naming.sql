{#
  Names of intermediate, backup and temporary relations. Postgres cuts longer names silently, which would cut off the
  very suffix that tells two relations apart, so the base name is shortened instead.
#}

{% macro postgres__make_relation_with_suffix(base_relation, suffix, dstring) %}
  {%- set ending = suffix -%}
  {%- if dstring -%}
    {%- set ending = suffix ~ modules.datetime.datetime.now().strftime('%H%M%S%f') -%}
  {%- endif -%}

  {%- set room = base_relation.relation_max_name_length() - ending | length -%}
  {%- if room < 0 -%}
    {%- do exceptions.raise_compiler_error('Relation suffix is too long (' ~ ending | length ~ ' characters). Maximum length is '
        ~ base_relation.relation_max_name_length() ~ ' characters.') -%}
  {%- endif -%}
  {{ return(base_relation.incorporate(path={'identifier': base_relation.identifier[:room] ~ ending})) }}
{% endmacro %}


{% macro postgres__make_intermediate_relation(base_relation, suffix) %}
  {{ return(postgres__make_relation_with_suffix(base_relation, suffix, dstring=False)) }}
{% endmacro %}


{# Temporary tables live in a schema of the session, so they are named without one. #}
{% macro postgres__make_temp_relation(base_relation, suffix) %}
  {%- set relation = postgres__make_relation_with_suffix(base_relation, suffix, dstring=True) -%}
  {{ return(relation.incorporate(path={'schema': none, 'database': none})) }}
{% endmacro %}


{% macro postgres__make_backup_relation(base_relation, backup_relation_type, suffix) %}
  {%- set relation = postgres__make_relation_with_suffix(base_relation, suffix, dstring=False) -%}
  {{ return(relation.incorporate(type=backup_relation_type)) }}
{% endmacro %}
