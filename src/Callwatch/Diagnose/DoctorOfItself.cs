using System.Globalization;
using Callwatch.Forward;
using Callwatch.Forward.Desk;
using Callwatch.Query;

namespace Callwatch.Diagnose;

/// <summary>What only the host can look at: its settings, its ports.</summary>
public interface IHostCheck
{
    /// <summary>One word.</summary>
    string Name { get; }

    /// <summary>Nothing: all is well.</summary>
    Task<IReadOnlyList<Finding>> RunAsync(CancellationToken cancel);
}

/// <summary>What the server asks about itself: its folder, its host, the platforms, and what a tenant is sent.</summary>
public sealed class DoctorOfItself
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    private readonly Func<bool, CancellationToken, Task<IReadOnlyList<Finding>>> folder;
    private readonly IReadOnlyList<IHostCheck> host;
    private readonly IDestinationDirectory destinations;
    private readonly IDestinationDesk desk;
    private readonly DataDoctor data;

    internal DoctorOfItself(
        Func<bool, CancellationToken, Task<IReadOnlyList<Finding>>> folder, IEnumerable<IHostCheck> host, IDestinationDirectory destinations, IDestinationDesk desk, DataDoctor data)
    {
        (this.folder, this.destinations, this.desk, this.data) = (folder, destinations, desk, data);
        this.host = [.. host];
    }

    /// <summary>All of the instance, and what one tenant is sent.</summary>
    /// <param name="deep">Whether every record and every page is read and every platform asked, which takes a while.</param>
    public async Task<IReadOnlyList<Finding>> ExamineAsync(bool deep, ReadScope scope, CancellationToken cancel)
    {
        var findings = new List<Finding>(await folder(deep, cancel));
        foreach (var check in host)
        {
            var found = await check.RunAsync(cancel);
            findings.AddRange(found.Count > 0 ? found : [new Finding(check.Name, FindingLevel.Fine, "well")]);
        }

        findings.AddRange(await EndpointsAsync(deep, cancel));
        findings.AddRange(await data.ExamineAsync(scope, cancel));
        return findings;
    }

    /// <summary>What one tenant is sent, for who may not look at the instance.</summary>
    public Task<IReadOnlyList<Finding>> ExamineTenantAsync(ReadScope scope, CancellationToken cancel) => data.ExamineAsync(scope, cancel);

    private async Task<IReadOnlyList<Finding>> EndpointsAsync(bool deep, CancellationToken cancel)
    {
        const string Name = "endpoints";
        var all = destinations.All.Where(destination => destination.Enabled).ToList();
        if (all.Count == 0) return [new Finding(Name, FindingLevel.Fine, "no destination is switched on")];
        if (!deep) return [new Finding(Name, FindingLevel.Fine, string.Create(CultureInfo.InvariantCulture, $"not asked: --deep asks the platforms of {all.Count} destinations for address, key and project"))];
        var asked = await Task.WhenAll(all.Select(destination => AskAsync(destination, cancel)));
        return [.. asked.OfType<Finding>().DefaultIfEmpty(new Finding(Name, FindingLevel.Fine, "every platform answers, with good keys"))];

        async Task<Finding?> AskAsync(Destination destination, CancellationToken stop)
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
            limit.CancelAfter(Patience);
            string detail;
            try
            {
                switch (await desk.CheckAsync(destination.TenantId, destination.Id, null, limit.Token))
                {
                    case CheckAnswer.Checked { Result: { Ok: false } result }:
                        detail = result.Detail;
                        break;
                    case CheckAnswer.Refused refused:
                        detail = refused.Message;
                        break;
                    default:
                        return null;
                }
            }
            catch (OperationCanceledException) when (!stop.IsCancellationRequested)
            {
                detail = string.Create(CultureInfo.InvariantCulture, $"no answer within {Patience.TotalSeconds} s");
            }

            detail = detail.ReplaceLineEndings(" ").TrimEnd('.');
            return new Finding(Name, FindingLevel.Problem, $"{destination.Name} does not work: {detail}.", "Mend address, key or project on its page; what waits goes out by itself then.")
            {
                Foreign = [destination.Name, detail],
                Page = string.Create(CultureInfo.InvariantCulture, $"/destinations/{destination.Id}"),
            };
        }
    }
}
