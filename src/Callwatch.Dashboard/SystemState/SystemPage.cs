using Callwatch.Dashboard.Frame;
using Microsoft.AspNetCore.Http;

namespace Callwatch.Dashboard.SystemState;

/// <summary>Whether it receives, keeps up and has room; and what it did not keep, by reason.</summary>
internal static class SystemPage
{
    public static IResult Get(Visit visit, SystemFacts facts)
    {
        var model = facts.Read(visit.Scope, visit.SeesInstance);
        return visit.Part == "fresh" ? visit.Render<SystemBody>((nameof(SystemBody.Model), model)) : visit.Render<SystemScreen>((nameof(SystemScreen.Model), model));
    }
}
