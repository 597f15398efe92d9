{# The server remembers what became of a transaction by its number. #}

{% macro postgres__leave_trace(relation, key) %}
  {{ return(run_query('select txid_current()').rows[0][0] | string) }}
{% endmacro %}


{# The server of the run that was killed may still be at it: whoever asks has the claim on the relation. #}
{% macro postgres__is_committed(trace) %}
  {{ return(run_query('select txid_status(' ~ trace ~ ')').rows[0][0] == 'committed') }}
{% endmacro %}
