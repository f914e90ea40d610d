using Callwatch.Client.Records;

namespace Callwatch.Client.Hosting;

/// <summary>The recorder as a part: it ends with the others, so that their times do not add up. One that the application put in its place is left alone.</summary>
internal sealed class RecorderPart(ICallwatchRecorder recorder) : IClientPart
{
    public string Name => "The recorder of business traces";

    public void Start()
    {
        if (recorder is not Recorder own) return;
        own.IsPart = true;
        own.Begin();
    }

    public Task StopAsync(TimeSpan within, CancellationToken cancel) => recorder is Recorder own ? own.EndAsync(within, cancel) : Task.CompletedTask;
}
