namespace Callwatch.Receive.Records;

/// <summary>Whether a record tells of a failure. A run that was stopped was cancelled, and one that succeeded in part succeeded.</summary>
internal sealed record RecordFailure(string? Type, string? Message)
{
    // The group of errors that no model is to blame for goes by this name.
    private const string Cancelled = "Cancelled";

    public static RecordFailure? Of(TraceRecord record)
    {
        var status = record.Text("workflow_run_status") ?? record.Text("status") ?? record.Metadata("status");
        var (error, type) = (record.Text("error"), record.Text("error_type"));
        if (Is(status, "stopped", "cancelled", "canceled", "aborted")) return new RecordFailure(Cancelled, error);
        if (error is not null || type is not null) return new RecordFailure(type, error);
        return Is(status, "failed", "error", "exception") ? new RecordFailure(null, record.Text("status_message")) : null;
    }

    private static bool Is(string? status, params ReadOnlySpan<string> words)
    {
        foreach (var word in words)
            if (word.Equals(status, StringComparison.OrdinalIgnoreCase)) return true;
        return false;
    }
}
