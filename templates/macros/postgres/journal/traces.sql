{# The server remembers what became of a transaction by its number. Relatives of Postgres may not. #}

{% macro postgres__leave_trace(relation, key) %}
  {%- set known = run_query("select count(*) from pg_proc where proname = 'txid_status'") -%}
  {%- if known.rows[0][0] == 0 -%}
    {{ return(none) }}
  {%- endif -%}
  {{ return(run_query('select txid_current()').rows[0][0] | string) }}
{% endmacro %}


{# The server of the run that was killed may still be at it: whoever asks has the claim on the relation. #}
{% macro postgres__is_committed(trace) %}
  {{ return(run_query('select txid_status(' ~ trace ~ ')').rows[0][0] == 'committed') }}
{% endmacro %}
