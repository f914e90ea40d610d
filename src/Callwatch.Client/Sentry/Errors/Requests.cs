using System.Diagnostics;

namespace Callwatch.Client.Sentry.Errors;

/// <summary>Notes which request an activity of ASP.NET Core stands for, by the framework's own diagnostic source.</summary>
internal sealed class Requests(Scopes scopes, bool pii) : IObserver<DiagnosticListener>, IObserver<KeyValuePair<string, object?>>, IDisposable
{
    private const string In = "Microsoft.AspNetCore.Hosting.HttpRequestIn";
    private const string Start = In + ".Start";
    private const string Stop = In + ".Stop";

    private readonly Lock gate = new();
    private readonly List<IDisposable> subscriptions = [];

    public Requests Watch()
    {
        var all = DiagnosticListener.AllListeners.Subscribe(this);
        lock (gate) subscriptions.Add(all);
        return this;
    }

    public void OnNext(DiagnosticListener value)
    {
        if (value.Name != "Microsoft.AspNetCore") return;
        var one = value.Subscribe(this, static (name, _, _) => name is In or Start or Stop);
        lock (gate) subscriptions.Add(one);
    }

    public void OnNext(KeyValuePair<string, object?> value)
    {
        if (value.Value is null || Activity.Current is not { } activity) return;
        if (value.Key == Start) scopes.New(activity).Begin(value.Value);
        else if (value.Key == Stop) scopes.Of(activity)?.End(pii);
    }

    public void OnCompleted()
    {
    }

    public void OnError(Exception error)
    {
    }

    public void Dispose()
    {
        // Not under the lock: who makes a listener holds the framework's own and waits for ours.
        IDisposable[] all;
        lock (gate)
        {
            all = [.. subscriptions];
            subscriptions.Clear();
        }

        foreach (var one in all) one.Dispose();
    }
}
